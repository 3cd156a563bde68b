import { Refused } from '../../backend/base/errors'
import { countRows, type Exported, exportRows, formatOf, jobRelation, queryFor, tableRelation } from '../../backend/export'
import { newFile, writeFault } from '../../backend/export/file'
import type { Query } from '../../backend/export/relation'
import { sources } from '../../backend/sources'
import type { Context } from './context'
import { type CountBar, countBar } from './count-bar'
import { count, duration, bytes as sizeText } from './text'
import { INTERRUPTED } from './watch'

export interface ExportOptions {
  job?: string
  out: string
  format?: string
  columns?: string[]
  where?: string[]
  fromDate?: string
  toDate?: string
  dateColumn?: string
  force?: boolean
}

async function relationOf({ db }: Context, what: string, job: string | undefined) {
  if (job !== undefined) return await jobRelation(db, what, job)
  return await tableRelation(db, sources, what)
}

/** Writes the rows and prints how many; Ctrl-C leaves no file. */
export async function runExport(context: Context, what: string, options: ExportOptions): Promise<void> {
  const { out, columns, where, fromDate, toDate, dateColumn } = options
  const format = formatOf(options.format, out)
  if (format === 'parquet' && out === '-' && context.terminal.isTty)
    throw new Refused('input', 'Parquet is binary; write it to a file with --out, or to a pipe.', 'out')
  const relation = await relationOf(context, what, options.job)
  const query = queryFor(relation, { columns, where, from: fromDate, to: toDate, dateColumn })
  const interruption = new AbortController()
  const forget = context.terminal.onInterrupt(() => interruption.abort())
  const began = Date.now()
  try {
    const { rows, bytes } =
      out === '-'
        ? await toStdout(context, query, format, interruption.signal)
        : await toFile(context, query, format, options, interruption.signal)
    const text = `${count(rows)} ${rows === 1 ? 'row' : 'rows'} of ${relation.name}`
    if (out !== '-') context.terminal.out(`${text} in ${out}: ${sizeText(bytes)} as ${format}, ${duration(Date.now() - began)}`)
    else if (context.terminal.isErrTty) context.terminal.err(`${text}, ${duration(Date.now() - began)}`)
  } catch (error) {
    if (!interruption.signal.aborted) throw error
    context.terminal.err(out === '-' ? 'Interrupted: not all rows were written.' : `Interrupted: did not write ${out}.`)
    context.exitCode = INTERRUPTED
  } finally {
    forget()
  }
}

async function rowsBar({ db, terminal }: Context, query: Query): Promise<CountBar | undefined> {
  return terminal.isErrTty ? countBar(await countRows(db, query), 'rows') : undefined
}

async function toStdout(context: Context, query: Query, format: string, signal: AbortSignal): Promise<Exported> {
  const bar = await rowsBar(context, query)
  try {
    return await exportRows(context.db, query, { format, to: context.terminal.stdout, signal, report: ({ rows }) => bar?.update(rows) })
  } finally {
    bar?.end()
  }
}

async function toFile(context: Context, query: Query, format: string, options: ExportOptions, signal: AbortSignal): Promise<Exported> {
  const file = await newFile(options.out, options.force === true)
  const bar = await rowsBar(context, query)
  try {
    const exported = await exportRows(context.db, query, { format, to: file.stream, signal, report: ({ rows }) => bar?.update(rows) })
    await file.keep()
    return exported
  } catch (error) {
    await file.drop()
    throw writeFault(options.out, error)
  } finally {
    bar?.end()
  }
}
