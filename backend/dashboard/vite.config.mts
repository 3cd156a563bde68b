import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const root = import.meta.dirname ?? resolve('backend/dashboard')

/** Where scripts/setup builds the pages; by default beside the compiled code. */
const outDir = resolve(root, '../..', process.env.BACKHAUL_DIST ?? 'dist', 'dashboard')

/** Writes a compressed copy beside each file, which the api process sends to browsers that accept it. */
const compressed = (): Plugin => ({
  name: 'compressed',
  apply: 'build',
  async closeBundle() {
    const names = readdirSync(outDir, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(js|css|html|svg)$/.test(name))
    await Promise.all(names.map((name) => compress(join(outDir, name))))
  },
})

async function compress(file: string): Promise<void> {
  const body = readFileSync(file)
  writeFileSync(`${file}.gz`, await promisify(gzip)(body, { level: 9 }))
  writeFileSync(`${file}.br`, await promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
}

/** Leaves out the fonts in GraphiQL's style sheet: they are data: URLs, which the content security policy refuses. */
const withoutFonts = (): Plugin => ({
  name: 'without-fonts',
  enforce: 'pre',
  transform: (code, id) => (/graphiql\/dist\/style\.css$/.test(id) ? code.replace(/@font-face\s*\{[^}]*\}/g, '') : undefined),
})

/**
 * The dashboard as static files with hashed names. Nothing is inlined, so that `default-src 'self'` holds.
 * `npx vite backend/dashboard` serves it for development, with an api process of this machine behind it.
 */
export default defineConfig({
  root,
  plugins: [withoutFonts(), compressed()],
  resolve: { alias: { 'react-style-singleton': join(root, 'src/graphiql/style-singleton.ts') } },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    outDir,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // GraphiQL with React, loaded when its page is opened.
    chunkSizeWarningLimit: 1000,
    rollupOptions: {
      // Its packages mark files for servers that render React; there is none here.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
    target: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
  },
  server: { proxy: { '/api': { target: `http://127.0.0.1:${process.env.API_PORT ?? 3000}`, changeOrigin: true } } },
})
