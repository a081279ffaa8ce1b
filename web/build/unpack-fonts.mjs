// A Vite plugin: GraphiQL's style sheet carries its fonts as base64; this turns each into a file of its own,
// so that a browser fetches only the alphabets that a page shows.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../node_modules/.cache/silkroutes-fonts', import.meta.url));
const font = /url\(["']?data:font\/(woff2?|ttf)[^,]*;base64,([A-Za-z0-9+/=]+)["']?\)/g;

export function unpackFonts() {
  return {
    name: 'unpack-fonts',
    enforce: 'pre',
    transform(code, id) {
      const file = id.split('?')[0];
      if (!file.endsWith('.css') || !code.includes('data:font/')) return null;
      mkdirSync(folder, { recursive: true });
      return code.replace(font, (_, extension, base64) => {
        const bytes = Buffer.from(base64, 'base64');
        const name = `font-${createHash('sha256').update(bytes).digest('hex').slice(0, 8)}.${extension}`;
        writeFileSync(`${folder}/${name}`, bytes);
        return `url("${relative(dirname(file), folder).replaceAll('\\', '/')}/${name}")`;
      });
    },
  };
}
