import type { Command, Source } from '../../backend/contract'
import { type LookupProgress, lookupProgress } from '../../backend/engine/jobs/progress'
import { PRIORITY } from '../../backend/engine/jobs/verbs'
import type { Context } from './context'
import { askIds } from './enqueue'
import type { GivenId } from './ids'
import { keptText } from './print-jobs'
import { lookupIds } from './request'
import { sleepUntil } from './sleep'
import { counted, toJson } from './text'
import { INTERRUPTED } from './watch'

const CHECK_MS = 500

interface Options {
  dryRun?: boolean
  watch?: boolean
  json?: boolean
}

/** Requests lookups of ids; creates no job. */
export async function runLookup(
  context: Context,
  source: Source,
  command: Command & { lookup: string },
  given: readonly GivenId[],
  priority: number | undefined,
  options: Options,
): Promise<void> {
  const { terminal } = context
  const kind = command.lookup
  const lookup = source.lookups?.[kind]
  if (!lookup) throw new Error(`source ${source.name} has no lookup ${kind}`)
  const ids = lookupIds(command, lookup, given)
  if (options.dryRun) {
    const batches = Math.ceil(ids.length / lookup.batch)
    if (options.json) terminal.out(toJson({ dryRun: true, lookup: kind, ids: ids.length, batches }))
    else terminal.out(`${counted(ids.length, `${kind} id`)} to look up in ${counted(batches, 'batch', 'batches')}. Nothing was queued.`)
    return
  }
  const broker = await askIds(context, command, lookup, ids, priority ?? command.priority ?? PRIORITY.asked)
  const asked = { lookup: kind, ids, broker: broker ?? null }
  if (!options.json) {
    terminal.out(`${counted(ids.length, `${kind} id`)} queued on ${lookup.queue}`)
    if (broker) terminal.err(keptText(broker, 'They are'))
  }
  const ended = options.watch ? await followLookups(context, kind, ids, options.json ?? false) : undefined
  if (options.json) terminal.out(toJson({ ...asked, ...ended }))
}

const textOf = (kind: string, it: LookupProgress): string => {
  const missing = it.missing.length > 0 ? `, ${it.missing.length} unknown to the source (${it.missing.slice(0, 10).join(', ')})` : ''
  return `${kind}: ${it.answered} answered, ${it.open} open${missing}${it.open > 0 && it.error ? ` · ${it.error}` : ''}`
}

/** Prints progress until all ids are answered. Exit code 1 when the source does not know one of them. */
async function followLookups(context: Context, kind: string, ids: readonly string[], isJson: boolean): Promise<LookupProgress | undefined> {
  const { terminal } = context
  const interruption = new AbortController()
  const forget = terminal.onInterrupt(() => interruption.abort())
  let printed = ''
  try {
    while (!interruption.signal.aborted) {
      const it = await lookupProgress(context.db, kind, ids)
      const line = textOf(kind, it)
      if (!isJson && line !== printed) terminal.out(line)
      printed = line
      if (it.open === 0) {
        context.exitCode = it.missing.length > 0 ? 1 : 0
        return it
      }
      await sleepUntil(2 * CHECK_MS, interruption.signal)
    }
  } finally {
    forget()
  }
  context.exitCode = INTERRUPTED
  terminal.err('The lookups continue without this command.')
  return undefined
}
