import { progress } from '../../backend/engine/jobs/progress'
import { report } from '../../backend/engine/jobs/verbs'
import { askedOf } from '../../backend/service/base/form'
import { sources } from '../../backend/sources'
import type { Context } from './context'
import { reportText } from './report-text'
import { toJson } from './text'

/** What a job found; exits with 1 unless it is verified. */
export async function showReport(context: Context, id: string, options: { json?: boolean }): Promise<void> {
  const written = await report({ db: context.db }, id)
  const [now] = await progress(context.db, [written.job])
  // Lookups go on after the report was written.
  const found = { ...written, lookups: now?.lookups ?? written.lookups }
  context.terminal.out(
    options.json
      ? toJson(found)
      : reportText({ ...found, params: askedOf(sources, found) }, sources.find(({ name }) => name === found.source)?.counters),
  )
  if (!found.verified) context.exitCode = 1
}
