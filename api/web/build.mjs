// Bundles the pages' scripts, styles and fonts into ../static/dist: names by content, a manifest
// from plain to hashed names, and each text file compressed once instead of at every request.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const OUT = new URL("../static/dist/", import.meta.url).pathname;
const SHARED = {
  bundle: true,
  minify: true,
  outdir: OUT,
  metafile: true,
  format: "esm",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file" },
  legalComments: "eof",
  logLevel: "warning",
};
// MapLibre draws text by clusters, and neither Unicode's clusters nor its own correction of them hold
// the letters together that Gurmukhi's virama (U+0A4D) joins: ਸ੍ਰੀ came out with the sign itself.
const STACKERS = String.raw`[\u1039\u17D2\u1A60`;
const gurmukhi = {
  name: "gurmukhi",
  setup({ onLoad }) {
    onLoad({ filter: /maplibre-gl(-worker)?\.mjs$/ }, async ({ path }) => {
      const parts = (await readFile(path, "utf-8")).split(STACKERS);
      if (parts.length !== 2) throw new Error(`${path}: MapLibre keeps its list of stackers elsewhere`);
      return { contents: parts.join(String.raw`[\u0A4D\u1039\u17D2\u1A60`) };
    });
  },
};
const LICENSED = ["maplibre-gl", "pmtiles", "fflate", "uplot", "@fontsource/noto-sans", "@fontsource/noto-sans-gurmukhi"];

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
const built = await Promise.all([
  build({ ...SHARED, entryPoints: ["src/page.js", "src/page.css", "src/map.css"], plugins: [gurmukhi], splitting: true, target: "es2020" }),
  build({ ...SHARED, plugins: [gurmukhi], entryPoints: { "map-worker": "maplibre-gl/dist/maplibre-gl-worker.mjs" } }),
]);
await writeFile(join(OUT, "licences.txt"), await licences());

const manifest = { "licences.txt": "licences.txt" };
for (const [path, output] of built.flatMap((result) => Object.entries(result.metafile.outputs))) {
  const file = basename(path);
  const plain = file.replace(/-[A-Z0-9]{8}(?=\.\w+$)/, "");
  manifest[output.entryPoint ? plain : file] = file;
}
await writeFile(join(OUT, "manifest.json"), JSON.stringify(manifest, null, 1));

for (const file of await readdir(OUT)) {
  if (!/\.(js|css|txt)$/.test(file)) continue;
  const text = await readFile(join(OUT, file));
  await writeFile(join(OUT, `${file}.gz`), gzipSync(text, { level: 9 }));
  const best = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  await writeFile(join(OUT, `${file}.br`), brotliCompressSync(text, best));
}

// As the packages bring them; one that brings none has its text in licences/.
async function licences() {
  const texts = [];
  for (const name of LICENSED) {
    const folder = join("node_modules", name);
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = await readFile(file ? join(folder, file) : join("licences", `${name}.txt`), "utf-8");
    texts.push(`${name}\n\n${text}`);
  }
  return texts.join("\n\n----------------------------------------\n\n");
}
