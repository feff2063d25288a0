// Bundles the Connect widget so that it runs under `style-src 'self'`. Node is needed only to refresh it:
//   mkdir connect-build && cd connect-build && npm init -y
//   npm install pluggy-connect-sdk@2.14.2 zoid@9.0.63 jwt-decode@4.0.0 esbuild@0.28.2
//   cp <project>/static/vendor/pluggy-connect-2.14.2/build.mjs . && node build.mjs
// Then copy pluggy-connect.js back and put its new sha256 into ../MANIFEST.md.
import fs from 'node:fs/promises';
import { build } from 'esbuild';

// Fails loudly when a new SDK no longer has the line that a patch replaces.
const replaceOnce = (text, before, after) => {
  if (text.split(before).length !== 2) throw new Error(`SDK changed, patch point not found once: ${before}`);
  return text.replace(before, () => after);
};

// The modal's CSS becomes a constructable stylesheet: a <style> element would be refused by the CSP.
const PUBLISH_STYLE = `
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style.textContent);
  doc.adoptedStyleSheets = [...doc.adoptedStyleSheets, sheet];
  event.on(EVENT.DESTROY, () => {
    doc.adoptedStyleSheets = doc.adoptedStyleSheets.filter(one => one !== sheet);
  });`;

const underStrictCsp = {
  name: 'under-strict-csp',
  setup(esbuild) {
    esbuild.onLoad({ filter: /pluggy-connect-sdk\/dist\/module\/pluggy-connect\.js$/ }, async file => {
      const text = (await fs.readFile(file.path, 'utf8')).replace(/\/\/# sourceMappingURL.*/s, '');
      return { loader: 'js', contents: replaceOnce(text, 'container.appendChild(style);', PUBLISH_STYLE) };
    });
    // The spinner shown before the frame answers is styled inline: an empty body instead.
    esbuild.onLoad({ filter: /components\/loader\/html\/index\.js$/ }, () => (
      { loader: 'js', contents: 'export const loaderComponentHtml = () => "<body></body>";' }
    ));
  },
};

const BANNER = '/*! pluggy-connect-sdk 2.14.2 (MIT), zoid 9.0.63 (Apache-2.0), jwt-decode 4.0.0 (MIT); '
  + 'patched for a strict CSP, see build.mjs and NOTICE.txt */';

await build({
  stdin: {
    contents: "import { PluggyConnect } from 'pluggy-connect-sdk'; window.PluggyConnect = PluggyConnect;",
    resolveDir: process.cwd(),
  },
  bundle: true, minify: true, format: 'iife', target: 'es2020', legalComments: 'eof',
  banner: { js: BANNER }, outfile: 'pluggy-connect.js', plugins: [underStrictCsp],
});
