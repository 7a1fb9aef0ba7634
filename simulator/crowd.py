"""What stands between whoever asks and each device: delay, loss, silence. Columns of shape (devices,)."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_MULTIPLIER, _INCREMENT = 6_364_136_223_846_793_005, 1_442_695_040_888_963_407  # Knuth's MMIX generator


class Crowd:
    """`blind` silences all of them. Each device draws its own numbers: the same ones in every run, whatever others do."""

    def __init__(self, delay_s: Floats, loss: Floats, seeds: NDArray[np.uint64]) -> None:
        self.blind = False
        self.lost = np.zeros(len(delay_s), np.bool_)
        self._usual_delay_s, self._usual_loss = delay_s, loss
        self.delay_s, self.loss = delay_s.copy(), loss.copy()
        self._draws = seeds * np.uint64(2_654_435_761) + np.uint64(1)

    def suffer(self, device: int, loss: float, delay_s: float) -> None:
        """Let it lose at least this share of exchanges, and answer so much later than usual."""
        self.loss[device] = max(self._usual_loss[device], loss)
        self.delay_s[device] = self._usual_delay_s[device] + delay_s

    def answers(self, device: int) -> bool:
        """Whether this exchange is answered."""
        return bool(self.hears(np.array([device]))[0])

    def hears(self, devices: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these exchanges, each with another device, are answered."""
        heard = ~self.lost[devices] & (not self.blind)
        risky = np.flatnonzero(heard & (self.loss[devices] > 0))
        if len(risky):
            heard[risky] = self._draw(devices[risky]) >= self.loss[devices[risky]]
        return heard

    def _draw(self, devices: NDArray[np.int64]) -> Floats:
        """A number in [0, 1) for each."""
        state = self._draws[devices] * np.uint64(_MULTIPLIER) + np.uint64(_INCREMENT)
        self._draws[devices] = state
        return (state >> np.uint64(11)).astype(np.float64) / 2**53


def calm(devices: int) -> Crowd:
    """Nobody is lost, late or silent."""
    return Crowd(np.zeros(devices), np.zeros(devices), np.arange(devices, dtype=np.uint64))
