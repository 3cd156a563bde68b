import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(__dirname, '..', '..')
const PARTS = ['dist', 'prisma', 'scripts', 'package.json', '.env.example', 'ecosystem.config.js']

/** A built copy of this checkout without its .env, in a folder of its own whose path has a space and a quote. */
export function copyCheckout(): { folder: string; remove(): void } {
  const outer = mkdtempSync(join(tmpdir(), "backhaul's checkout "))
  for (const part of PARTS) cpSync(join(ROOT, part), join(outer, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(outer, 'node_modules'))
  return { folder: outer, remove: () => rmSync(outer, { recursive: true, force: true }) }
}
