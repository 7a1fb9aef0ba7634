# The web bundle, then the product with exactly what the lock file names.
FROM node:20-bookworm-slim AS web
WORKDIR /src/api/web
COPY api/web/package.json api/web/package-lock.json ./
RUN npm ci --no-fund --no-audit
COPY api/web ./
RUN node build.mjs

FROM python:3.11-slim-bookworm
# Printed reports are set in Devanagari and Gurmukhi too.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-core && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /srv/pahunch
ENV UV_PYTHON_DOWNLOADS=never PYTHONUNBUFFERED=1 PATH=/srv/pahunch/.venv/bin:$PATH
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --group packs --python /usr/local/bin/python3
COPY . .
COPY --from=web /src/api/static/dist api/static/dist
# Polling, judging and serving need no root.
RUN useradd --system --home /srv/pahunch pahunch && mkdir -p data && chown pahunch data
USER pahunch
VOLUME /srv/pahunch/data
ENTRYPOINT ["python", "manage.py"]
CMD ["run"]
