import type { Reader } from '../../base/sql'
import { openMismatches } from './store'

/*
 * What a person should know of, beside what the engine finds out for every source.
 */

/** How long a file that was not what was asked for is an alert, h; a right one clears it before. */
const MISMATCH_HOURS = 24

interface Check {
  about: string
  find(db: Reader): Promise<{ subject: string; message: string }[]>
}

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
} satisfies Record<string, Check>
