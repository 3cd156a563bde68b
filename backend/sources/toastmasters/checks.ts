import type { Reader } from '../../base/sql'
import type { AlertCheck, SettingValues } from '../../contract'
import type { settings } from './settings'
import { openMismatches } from './store'

/*
 * What a person should know of, beside what the engine finds out for every source.
 */

/** How long a file that was not what was asked for is an alert, h; a right one clears it before. */
const MISMATCH_HOURS = 24

/** Reports that may be read and that no worker has taken since then. */
const WAITING = `select distinct j.id from backhaul.jobs j join backhaul.tasks t on t.job_id = j.id
  where j.source = 'toastmasters' and j.admitted and t.state = 'ready' and t.claim is null
    and t.due_at < clock_timestamp() - $1 * interval '1 ms' limit 20`

export const checks = {
  content_mismatch: {
    about: 'The dashboards answered with another file than the one that was asked for.',
    async find(db: Reader) {
      const found = await openMismatches(db, MISMATCH_HOURS)
      return found.map(({ report, districtId, date, reason }) => ({
        subject: [date, ...(districtId === null ? [] : [districtId]), report].join(' '),
        message: `${reason}; nothing of it was stored. Retry the job later.`,
      }))
    },
  },
  slot_timeout: {
    about: 'Reports wait for a slot for longer than TOASTMASTERS_SLOT_TIMEOUT_MS.',
    async find(db: Reader, set) {
      const { TOASTMASTERS_SLOT_TIMEOUT_MS: timeoutMs } = set as SettingValues<typeof settings>
      const jobs = await db.query<{ id: string }>(WAITING, [timeoutMs])
      return jobs.map(({ id }) => ({
        subject: `job ${id.slice(0, 8)}`,
        message: `No worker takes its reports: start worker-districts, or more of it (yarn jobs show ${id.slice(0, 8)}).`,
      }))
    },
  },
} satisfies Record<string, AlertCheck>
