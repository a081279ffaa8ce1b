// The licences of the packages that the pages are made of, from the lockfile: name, version, licence and its text.
// Packages with the very same text are listed together.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

export function thirdParty(web) {
  const { packages } = JSON.parse(readFileSync(join(web, 'package-lock.json'), 'utf8'));
  const groups = new Map();
  for (const [path, entry] of Object.entries(packages)) {
    if (path === '' || entry.dev || entry.optional || entry.devOptional || !existsSync(join(web, path))) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const text = licenceText(join(web, path)) || 'The package carries no licence file.';
    const key = `${entry.license ?? 'licence not stated'}\n${text}`;
    if (!groups.has(key)) groups.set(key, { licence: entry.license ?? 'not stated', text, names: new Set() });
    groups.get(key).names.add(`${name} ${entry.version}`);
  }
  const parts = [...groups.values()]
    .map(({ licence, text, names }) => ({ licence, text, names: [...names].sort(byText) }))
    .sort((a, b) => byText(a.names[0], b.names[0]))
    .map(({ licence, text, names }) => `${names.join('\n')}\nLicence: ${licence}\n\n${text}\n`);
  const head =
    'The web pages of Silkroutes contain, or are built from, the following packages.\n' +
    'With GraphiQL come the fonts Roboto (Apache-2.0 or OFL-1.1) and Fira Code (OFL-1.1), with monaco-editor the\n' +
    'icon font Codicons (CC-BY-4.0).\n';
  return [head, ...parts].join(`\n${'-'.repeat(80)}\n\n`);
}

function licenceText(folder) {
  const file = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying)/i.test(name))
    .sort(byText)[0];
  return file && readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim();
}
