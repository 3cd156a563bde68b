import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type * as Bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import { Pool, type QueryResult } from 'pg'
import { prepareSession } from '../database/session'
import { NO_LIMITS } from './connect'

/*
 * Prisma's schema engine as WebAssembly. The native one is downloaded from a host that closed networks cannot reach; this one comes with
 * the packages and writes the same `_prisma_migrations`.
 */

export type SchemaEngine = Bindings.SchemaEngine
type Glue = typeof Bindings & { __wbg_set_wasm(exports: unknown): void }
type Wasm = {
  Module: new (bytes: Buffer) => object
  Instance: new (module: object, imports: object) => { exports: { __wbindgen_start(): void } }
}

type Timer = (...args: unknown[]) => NodeJS.Timeout

/** The engine never clears the timer of its lock, which would keep a finished process alive for ten seconds. */
const withoutWaiting = (glue: Glue): object =>
  Object.fromEntries(
    Object.entries(glue).map(([name, value]) =>
      name.startsWith('__wbg_setTimeout_') ? [name, (...args: unknown[]) => (value as unknown as Timer)(...args).unref()] : [name, value],
    ),
  )

let loaded: Glue | undefined

/** The glue file is an ES module for bundlers; required from inside its package, Node loads it without a warning. */
function load(): Glue {
  if (loaded) return loaded
  const folder = dirname(require.resolve('@prisma/schema-engine-wasm/schema_engine_bg'))
  const glue = createRequire(join(folder, 'package.json'))('./schema_engine_bg.js') as Glue
  const { WebAssembly } = globalThis as unknown as { WebAssembly: Wasm }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(join(folder, 'schema_engine_bg.wasm'))), {
    './schema_engine_bg.js': withoutWaiting(glue),
  })
  glue.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  loaded = glue
  return glue
}

const CHAR = 18
const TEXT = 25

/** Catalog queries return columns of Postgres's internal type "char", which the driver adapter refuses although they are text. */
class CatalogPool extends Pool {
  override query = async (...args: unknown[]): Promise<never> => {
    const result = await (super.query as (...args: unknown[]) => Promise<QueryResult | QueryResult[]>)(...args)
    // A script of several statements has several results.
    const fields = [result].flat().flatMap((one) => one.fields)
    for (const field of fields) if (field.dataTypeID === CHAR) field.dataTypeID = TEXT
    return result as never
  }
}

/** The adapter's own `executeScript` splits scripts at every semicolon, even inside functions, and so commits half of one. */
class ScriptAdapterFactory extends PrismaPg {
  constructor(readonly pool: Pool) {
    super(pool)
  }

  override async connect() {
    const adapter = await super.connect()
    adapter.executeScript = async (script) => {
      try {
        await this.pool.query(script)
      } catch (error) {
        // Protected in the adapter's types; it translates the error for the engine and throws.
        ;(adapter as unknown as { onError(error: unknown): never }).onError(error)
      }
    }
    return adapter
  }
}

/**
 * Runs `work` with an engine on the database at `url`.
 * @throws {Error} with the engine's last panic or its own message
 */
export async function withSchemaEngine<T>(
  url: string,
  schema: readonly { path: string; content: string }[],
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  let panic: string | undefined
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: (text: string) => (panic = text) } })
  const pool = new CatalogPool({
    connectionString: url,
    max: 1,
    application_name: 'backhaul migrate',
    onConnect: (client) => prepareSession(client, NO_LIMITS),
  })
  const factory = bindMigrationAwareSqlAdapterFactory(new ScriptAdapterFactory(pool))
  const datamodels = schema.map(({ path, content }): [string, string] => [path, content])
  let engine: SchemaEngine | undefined
  try {
    engine = await load().SchemaEngine.new({ datamodels }, () => undefined, factory)
    return await work(engine)
  } catch (error) {
    throw panic ? new Error(`Prisma's schema engine failed: ${panic}`, { cause: error }) : error
  } finally {
    engine?.free()
    await pool.end()
  }
}
