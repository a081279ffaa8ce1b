// Builds GraphiQL (graphiql/) into dist/graphiql/, ready to be carried in the server's binary.
// Nothing here reaches another host: scripts, styles, fonts and workers are files of this build.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { unpackFonts } from './build/unpack-fonts.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('./graphiql'),
  base: '/graphiql/',
  publicDir: false,
  plugins: [unpackFonts()],
  // The server puts a fresh nonce in place of this word in each answer.
  html: { cspNonce: '__CSP_NONCE__' },
  worker: { format: 'es' },
  build: {
    outDir: here('./dist/graphiql'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      // Libraries mark files for frameworks that render on a server ("use client"); here the mark has no meaning.
      onLog(level, log, report) {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log);
      },
    },
  },
});
