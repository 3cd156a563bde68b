import { named } from '../../backend/base/vocabulary'
import { failuresOf } from '../../backend/service/jobs/failures'
import { sources } from '../../backend/sources'
import type { Context } from './context'
import { count, counted, cut, moment, shortId, table, toJson } from './text'

/** Prints the failures of a job by cause, and how to retry each. */
export async function showFailures(context: Context, id: string, { json }: { json?: boolean }): Promise<void> {
  const { terminal } = context
  const found = await failuresOf(context.service(sources), id)
  if (json) return terminal.out(toJson(found))
  if (found.items.length === 0) terminal.out('No task has failed, and none is tried again.')
  else {
    const rows = found.items.map((group) => [
      group.id,
      `${named(group.kind)}${group.api ? `, ${group.api}` : ''}`,
      count(group.failed),
      count(group.retrying),
      group.lastAt ? moment(new Date(group.lastAt)) : '',
      group.again,
      cut(`${group.example.key}: ${group.example.error}`, 90),
    ])
    const parts = [table(['group', 'cause', 'failed', 'tried again', 'last, UTC', 'a retry', 'for example'], rows)]
    parts.push(...[...new Set(found.items.map(({ kind, advice }) => `${named(kind)}: ${advice}`))])
    if (found.items.some(({ failed }) => failed > 0))
      parts.push(`To retry one group: yarn jobs retry ${shortId(id)} --group ${found.items[0]?.id}`)
    terminal.out(parts.join('\n\n'))
  }
  if (found.missing > 0)
    terminal.out(
      `${counted(found.missing, 'task')} found nothing, or ended without a proof; yarn jobs retry ${shortId(id)} --missing reads those as well.`,
    )
  if (found.findsMissing)
    terminal.out(`yarn jobs retry ${shortId(id)} --missing also reads what was asked for and is not stored, with or without a task.`)
}
