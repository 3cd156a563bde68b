import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Folder of package.json: the same seen from the sources and from dist/, where the compiler leaves a copy of that file. */
export function projectRoot(from = __dirname): string {
  if (existsSync(join(from, 'package.json')) && existsSync(join(from, 'prisma'))) return from
  const above = dirname(from)
  if (above === from) throw new Error(`no package.json with prisma/ beside it above ${__dirname}`)
  return projectRoot(above)
}
