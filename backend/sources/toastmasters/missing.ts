import type { Missing, NewTask } from '../../contract'
import { monthsOf } from './dates'
import type { BackfillParams } from './params'
import { monthTask, preparedOf } from './plan'
import { monthsLacking } from './store'

/*
 * What a backfill was asked for and is not stored: districts on dates, each a cell of its grid. A month of which something is lacking is
 * planned again: its lists are read again while it is open, and its dates become tasks unless they are stored by now.
 */

export const missing: Missing<BackfillParams> = {
  kinds: ['unavailable', 'not_yet_published'],
  async plan(db, { params }) {
    const prepared = preparedOf(params)
    const lacking = new Set(await monthsLacking(db, params.startDate, params.endDate, prepared))
    const months = monthsOf(params.startDate, params.endDate).filter((monthEnd) => lacking.has(monthEnd))
    const [row] = await db.query<{ now: Date }>('select clock_timestamp() as now')
    const now = (row?.now ?? new Date()).toISOString()
    return {
      tasks: (params.newestFirst ? months.reverse() : months).map((monthEnd): NewTask => ({ ...monthTask(monthEnd), again: true })),
      // What the job has stored since its start is not asked for a second time, but lists of open months are.
      params: {
        ...params,
        prepared: { ...prepared, storedSince: prepared.storedSince ?? prepared.startedAt, startedAt: now, today: now.slice(0, 10) },
      },
    }
  },
}
