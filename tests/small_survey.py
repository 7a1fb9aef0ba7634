"""A folder of the shape that `inventory pack --from pmgsy` reads, made by hand: a few places of Chhattisgarh.

Each district is what lies nearest its headquarters. Raipur (387) has a block with a tehsil; Mohla lay in Rajnandgaon
(388) in 2022 and lies in a district of its own (761) today; block 3676 was of Korea (384) and is cut by its border.
"""

import gzip
import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from inventory.pack.facts import load_state

_GP_COLUMNS = (
    "facility_id,hab_id,gp_name,habitation_name,habitation_population,state_code,district_code,district_name,block_code,"
    "block_name,subdistrict_code,village_code,lgd_village_name,match,match_candidates,pmgsy_district,pmgsy_block,"
    "pmgsy_block_id,gp_hq_by,points_in_hab,uploaded,lon,lat,in_own_state,km_from_block_median"
)
# facility, habitation, name, people, district, block, its name, tehsil, village, how matched, PMGSY's block, lon, lat
_GPS = (
    (11, 1, "Abhanpur", 900, 387, "3600", "ABHANPUR", "3316", "441001", "exact", 4, 81.63, 21.25),
    (12, 2, "Amora", 700, 387, "3600", "ABHANPUR", "3316", "441002", "fuzzy", 4, 81.66, 21.26),
    (13, 3, "Amora Khurd", 100, 387, "3600", "ABHANPUR", "3316", "441002", "exact", 4, 81.67, 21.27),
    (14, 4, "Bagdehi", "", 387, "3600", "ABHANPUR", "", "", "none", 4, 81.60, 21.24),
    (15, 5, "Far", 50, 387, "3600", "ABHANPUR", "", "", "none", 4, 79.00, 21.24),
    (21, 6, "Mohla", 800, 761, "3715", "MOHALA", "3308", "442001", "phonetic", 5, 80.74, 20.58),
    *((30 + n, 30 + n, f"Khadgawan {n}", 300, 760, "3676", "KHADGAWANA", "", "", "none", 6, 82.20 + n / 100, 23.20) for n in range(9)),
    *((40 + n, 40 + n, f"Baikunthpur {n}", 300, 384, "3676", "KHADGAWANA", "", "", "none", 6, 82.56 + n / 100, 23.26) for n in range(8)),
    (51, 51, "Nameless", 300, 388, "", "", "", "", "none", 7, 81.03, 21.10),
)  # fmt: skip
_VILLAGE_COLUMNS = (
    "state_code,district_code,district_census2011,district_name,subdistrict_code,subdistrict_census2011,"
    "subdistrict_name,village_code,village_name,lon,lat,habitations,population_pmgsy,spread_km,name_match"
)
# tehsil, code, name, lon, lat, people
_VILLAGES = (
    ("3316", "441001", "Abhanpur", "", "", ""),
    ("3316", "441002", "Amora", 81.671, 21.271, 650),
    ("3316", "441003", "Between", 81.605, 21.242, 120),
    ("3316", "441004", "Unseen", "", "", ""),
    ("3308", "442001", "Mohla", 80.741, 20.581, 780),
    ("3400", "443001", "Lonely", 82.10, 22.10, 40),
    ("3316", "441005", "Astray", 70.00, 21.24, 30),
)
_TEHSILS = (("387", "3316", "Abhanpur"), ("761", "3308", "Mohla"), ("375", "3400", "Lonely"), ("761", "7300", "Young"))
_TEHSILS_2022 = (("387", "3316", "Abhanpur"), ("388", "3308", "Mohala"), ("375", "3400", "Lonely"))
_BLOCKS_2022 = (("387", "3600", "ABHANPUR"), ("388", "3715", "MOHALA"), ("384", "3676", "KHADGAWANA"), ("387", "3699", "EMPTY"))  # fmt: skip
# facility, habitation, block, category, district, description, lon, lat
_FACILITIES = (
    (101, 1, 4, "Transport/Admin", 387, "Block Headquarter Abhanpur", 81.64, 21.25),
    (102, 1, 4, "Transport/Admin", 387, "tehsil office", 81.65, 21.25),
    (103, 1, 4, "Medical", 387, "District Hospital", 81.62, 21.24),
)
_POINTS = ((201, 14, "bnrgsk", 81.60, 21.24), (202, 99, "bnrgsk", 81.66, 21.29), (203, 99, "bnrgsk", 81.66, 21.2901))


def write_survey(folder: Path) -> Path:
    for name in ("points", "lgd", "kendras", "boundaries"):
        (folder / name).mkdir(parents=True)
    _write_points(folder / "points")
    _write_directory(folder / "lgd")
    rows = [
        f"{f},{h},{kind},Some Kendra,Transport/Admin,22,387,Raipur,Abhanpur,{lon},{lat}"
        for f, h, kind, lon, lat in _POINTS
    ]
    header = "facility_id,hab_id,kendra,description,category,state_code,district_code,district_name,pmgsy_block,lon,lat"
    (folder / "kendras/pmgsy_service_points.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    _write_boundaries(folder / "boundaries")
    return folder


def _packed(path: Path, header: str, rows: list[str]) -> None:
    path.write_bytes(gzip.compress("\n".join([header, *rows, ""]).encode()))


def _write_points(folder: Path) -> None:
    gps = [
        f"{f},{h},{name},{name},{people},22,{d},D,{b},{bn},{t},{v},,{m},1,D,{bn},{pb},subcategory,1,,{lon:.5f},{lat:.5f},True,1"
        for f, h, name, people, d, b, bn, t, v, m, pb, lon, lat in _GPS
    ]
    _packed(folder / "chhattisgarh_gp.csv.gz", _GP_COLUMNS, gps)
    villages = [
        f"22,,,D,{t},,T,{v},{name},{lon},{lat},1,{people},0,exact" for t, v, name, lon, lat, people in _VILLAGES
    ]
    _packed(folder / "chhattisgarh_villages.csv.gz", _VILLAGE_COLUMNS, villages)
    _habitations().to_parquet(folder / "pmgsy_habitations.parquet")
    facilities = pd.DataFrame(
        _FACILITIES,
        columns=["facility_id", "hab_id", "pmgsy_block_id", "category", "district_code", "description", "lon", "lat"],
    )
    facilities.assign(state_code=22).to_parquet(folder / "pmgsy_facilities.parquet")


def _habitations() -> pd.DataFrame:
    """One at each office with its people, and a hamlet of 5,000 beside Amora."""
    rows = [(h, 22, pb, name, people or 0, lon, lat) for _, h, name, people, *_, pb, lon, lat in _GPS]
    rows.append((99, 22, 4, "Hamlet", 5000, 81.66, 21.261))
    names = ["hab_id", "state_code", "pmgsy_block_id", "name", "population", "lon", "lat"]
    return pd.DataFrame(rows, columns=names)


def _write_directory(folder: Path) -> None:
    _packed(
        folder / "subdistricts.csv.gz",
        "state_code,district_code,district_name,subdistrict_code,subdistrict_name,village_count",
        [f"22,{d},D,{code},{name},1" for d, code, name in _TEHSILS],
    )
    _packed(
        folder / "subdistricts_2022.csv.gz",
        "state_code,state_name,district_code,district_name,subdistrict_code,subdistrict_name,census2011_code",
        [f"22,CHHATTISGARH,{d},D,{code},{name},{code}" for d, code, name in _TEHSILS_2022],
    )
    _packed(
        folder / "blocks_2022.csv.gz",
        "state_code,state_name,district_code,district_name,block_code,block_name",
        [f"22,CHHATTISGARH,{d},D,{code},{name}" for d, code, name in _BLOCKS_2022],
    )


def _write_boundaries(folder: Path) -> None:
    districts = load_state("22").districts
    towns = shapely.multipoints([(each.headquarters.lon, each.headquarters.lat) for each in districts])
    cells = shapely.voronoi_polygons(towns, extend_to=shapely.box(80.4, 18.0, 84.5, 24.0), ordered=True)
    shapes = shapely.intersection(shapely.get_parts(cells), shapely.box(80.4, 18.0, 84.5, 24.0))
    codes = pd.array([int(each.code) for each in districts], dtype="Int64")
    frame = {"state_code": 22, "district_code": codes, "name": [each.names.en for each in districts]}
    gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326").to_parquet(folder / "india_districts_full.parquet")
    blocks = ((4, (81.5, 21.1, 81.8, 21.4)), (5, (80.6, 20.5, 80.9, 20.7)), (6, (82.1, 23.1, 82.7, 23.4)))
    topology = {
        "type": "Topology",
        "objects": {
            "blocks": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[arc]], "properties": {"pmgsy_block_id": block}}
                    for arc, (block, _) in enumerate(blocks)
                ],
            }
        },
        "arcs": [[[w, s], [e, s], [e, n], [w, n], [w, s]] for _, (w, s, e, n) in blocks],
    }
    (folder / "blocks_chhattisgarh_derived.topojson").write_text(json.dumps(topology), encoding="utf-8")
