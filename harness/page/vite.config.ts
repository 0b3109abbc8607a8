import { createHash } from 'node:crypto';
import { defineConfig, type Plugin } from 'vite';

// Puts script and style into the one file, and what they are into its policy: nothing else runs.
function oneFile(output: string): Plugin {
  const digest = (text: string) =>
    `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
  return {
    name: 'one-file',
    enforce: 'post',
    generateBundle(_, bundle) {
      let script = '';
      let style = '';
      let html = '';
      for (const [name, part] of Object.entries(bundle)) {
        if (part.type === 'chunk') script += part.code.trim();
        else if (name.endsWith('.css')) style += String(part.source).trim();
        else if (name.endsWith('.html')) html = String(part.source);
        delete bundle[name];
      }
      // What would end the element early stands in strings of libraries only.
      script = script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
      const policy = [
        "default-src 'none'",
        `script-src ${digest(script)}`,
        `style-src ${digest(style)}`,
        'img-src data:',
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
      ].join('; ');
      html = html
        .replace(/\s*<script type="module"[^>]*><\/script>/g, '')
        .replace(/\s*<link rel="stylesheet"[^>]*>/g, '')
        .replace('@BPFMATRIX_POLICY@', policy);
      // Functions, since `$` has a meaning in a replacement text.
      html = html
        .replace('</head>', () => `  <style>${style}</style>\n  </head>`)
        .replace('</body>', () => `  <script type="module">${script}</script>\n  </body>`);
      this.emitFile({ type: 'asset', fileName: output, source: html });
    },
  };
}

// `--mode site` builds the page of all runs, else that of one.
export default defineConfig(({ mode }) => ({
  plugins: [oneFile(mode === 'site' ? 'site.html' : 'template.html')],
  esbuild: { jsx: 'automatic' },
  build: {
    target: 'es2022',
    emptyOutDir: mode !== 'site',
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 1 << 20,
    reportCompressedSize: false,
    rollupOptions: {
      input: mode === 'site' ? 'site.html' : 'index.html',
      onwarn(warning, warn) {
        // Of libraries that are made for servers as well; it means nothing here.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
  logLevel: 'warn',
}));
