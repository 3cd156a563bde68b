import { resolve } from 'node:path'
import { defineConfig } from 'vite'

const root = import.meta.dirname ?? resolve('backend/dashboard')

/** Where scripts/setup wants the pages; beside the compiled code unless told. */
const outDir = resolve(root, '../..', process.env.BACKHAUL_DIST ?? 'dist', 'dashboard')

/**
 * The dashboard as static files with hashed names. Nothing is inlined, so that `default-src 'self'` holds.
 * `yarn vite backend/dashboard` serves it for development, with an api process of this machine behind it.
 */
export default defineConfig({
  root,
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    outDir,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    reportCompressedSize: true,
  },
  server: { proxy: { '/api': { target: `http://127.0.0.1:${process.env.API_PORT ?? 3000}`, changeOrigin: true } } },
})
