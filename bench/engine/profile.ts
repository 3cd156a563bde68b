import { Client } from 'pg'

export interface Statement {
  /** How it begins. */
  sql: string
  times: number
  ms: number
}

const nameOf = (sql: string): string => sql.replace(/\s+/g, ' ').trim().slice(0, 70)

/** Counts every statement this process sends and how long each waited for its answer. */
export function profile(): Map<string, Statement> {
  const seen = new Map<string, Statement>()
  const send = Client.prototype.query as (...args: unknown[]) => unknown
  Client.prototype.query = function (this: Client, ...args: unknown[]) {
    const [first] = args
    const sql = nameOf(typeof first === 'string' ? first : ((first as { text?: string }).text ?? '?'))
    const began = performance.now()
    const note = () => {
      const one = seen.get(sql) ?? { sql, times: 0, ms: 0 }
      seen.set(sql, { sql, times: one.times + 1, ms: one.ms + performance.now() - began })
    }
    const last = args.at(-1)
    if (typeof last === 'function') {
      args[args.length - 1] = (...answer: unknown[]) => {
        note()
        last(...answer)
      }
      return send.apply(this, args)
    }
    const result = send.apply(this, args)
    if (result instanceof Promise) void result.then(note, note)
    return result
  } as typeof Client.prototype.query
  return seen
}
