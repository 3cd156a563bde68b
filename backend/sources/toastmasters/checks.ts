import type { Reader } from '../../base/sql'
import type { AlertCheck, SettingValues } from '../../contract'
import type { settings } from './settings'
import { openMismatches } from './store'

/*
 * What a person should know of, beside what the engine finds out for every source.
 */

/** How long a file that was not what was asked for is an alert, h; a right one clears it before. */
const MISMATCH_HOURS = 24

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
    async find(_, set, work) {
      const { TOASTMASTERS_SLOT_TIMEOUT_MS: timeoutMs } = set as SettingValues<typeof settings>
      return (await work.untaken(timeoutMs)).map((id) => ({
        subject: `job ${id.slice(0, 8)}`,
        message: 'No worker takes its reports: start worker-districts, or more of it.',
        hint: `yarn jobs show ${id.slice(0, 8)}`,
        target: { kind: 'job' as const, id },
      }))
    },
  },
} satisfies Record<string, AlertCheck>
