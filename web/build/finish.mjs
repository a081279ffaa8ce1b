// Runs after Vite: writes the licences of what was bundled (THIRD-PARTY.txt), then a .br and a .gz twin of each file
// that compresses. The server carries the twins and sends them as they are.
// SILKROUTES_BROTLI sets brotli's quality: 5 (default, seconds) or 11 (for a release, half a minute).
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { thirdParty } from './third-party.mjs';

const web = fileURLToPath(new URL('..', import.meta.url));
const dist = join(web, 'dist');
const quality = Number(process.env.SILKROUTES_BROTLI ?? 5);
if (!Number.isInteger(quality) || quality < 0 || quality > 11) {
  console.error(`SILKROUTES_BROTLI must be a whole number from 0 to 11, not "${process.env.SILKROUTES_BROTLI}".`);
  process.exit(1);
}

writeFileSync(join(dist, 'THIRD-PARTY.txt'), thirdParty(web));

// Pages get a fresh nonce in each answer, so they cannot be packed ahead; woff and woff2 are packed already.
const packs = (file) => !/\.(html|woff2?|png|br|gz)$/.test(file);
const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));

const total = { files: 0, raw: 0, br: 0, gz: 0 };
for (const file of files.filter((file) => /\.(br|gz)$/.test(file))) rmSync(file);
for (const file of files.filter((file) => !/\.(br|gz)$/.test(file))) {
  const bytes = readFileSync(file);
  total.files += 1;
  total.raw += bytes.length;
  if (!packs(file)) {
    total.br += bytes.length;
    total.gz += bytes.length;
    continue;
  }
  const br = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  const gz = gzipSync(bytes, { level: 9 });
  writeFileSync(`${file}.br`, br);
  writeFileSync(`${file}.gz`, gz);
  total.br += br.length;
  total.gz += gz.length;
}
const mb = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
console.log(
  `${relative(process.cwd(), dist) || dist}: ${total.files} files, ${mb(total.raw)}; ` +
    `${mb(total.br)} with brotli ${quality}, ${mb(total.gz)} with gzip`,
);
