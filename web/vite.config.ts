/**
 * How the console is built: hashed files in /assets, libraries in chunks of their own so that an edit of ours leaves them
 * cached, charts only when a page asks for them. In development /api goes to the daemon that WAIHU_URL names.
 */
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const daemon = process.env['WAIHU_URL'] ?? 'http://127.0.0.1:8080';
const sheets = new URL('./src/app/style_sheets.ts', import.meta.url).pathname;

/**
 * antd writes its styles through one module of @rc-component/util, as <style> elements. Ours takes its place and uses
 * constructed style sheets, which `style-src 'self'` allows (docs/adr of the console: web/README.md).
 */
function constructedStyleSheets(): Plugin {
  return {
    name: 'constructed-style-sheets',
    apply: 'build',
    enforce: 'pre',
    load(id) {
      return /@rc-component\/util\/es\/Dom\/dynamicCSS\.js$/.test(id) ? `export * from ${JSON.stringify(sheets)};` : null;
    },
  };
}

/** Which chunk a module belongs to; undefined: the bundler decides. */
function chunkOf(id: string): string | undefined {
  if (/node_modules\/(echarts|zrender)\//.test(id)) return 'echarts';
  if (/node_modules\/(react|react-dom|scheduler|react-router|react-router-dom)\//.test(id)) return 'react';
  if (/node_modules\/(antd|@ant-design|@rc-component|dayjs)\//.test(id)) return 'antd';
  return undefined;
}

export default defineConfig({
  plugins: [constructedStyleSheets(), react()],
  server: { proxy: { '/api': { target: daemon, changeOrigin: false } } },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    // Nothing as data: URL, so that the policy needs no exception.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1600,
    rollupOptions: { output: { manualChunks: (id: string) => chunkOf(id) } },
  },
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.{ts,tsx}'],
    setupFiles: ['tests/setup.ts'],
    restoreMocks: true,
  },
});
