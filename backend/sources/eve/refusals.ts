import type { KeptRefusal, KeptRefusals } from '../../contract'
import { idText } from './ids'
import { REFUSAL_DAYS } from './store'

const FRESH = `refused_at > clock_timestamp() - interval '${REFUSAL_DAYS} days'`

/** Killmails that ESI refused; the next walk that meets one asks again once it is forgotten. */
export const refusals: Record<string, KeptRefusals> = {
  killmail: {
    id: idText,
    list: (db, limit, after = '0') =>
      db.query<KeptRefusal>(
        `select killmail_id::text as id, reason, refused_at as "refusedAt", refused_at + interval '${REFUSAL_DAYS} days' as until
           from eve.killmail_refusals where ${FRESH} and killmail_id > $2 order by killmail_id limit $1`,
        [limit, after],
      ),
    async forget(tx, ids) {
      const rows = await tx.query(
        `delete from eve.killmail_refusals where ${FRESH} and ($1::bigint[] is null or killmail_id = any($1)) returning 1`,
        [ids ?? null],
      )
      return rows.length
    },
  },
}
