import type { AlertKind } from '../../engine/upkeep/event-keys'
import type { Service } from '../base/context'

/** A state of affairs somebody should know of; it is listed as long as it lasts. */
export interface Alert {
  kind: AlertKind
  /** Queue, job or gate. */
  subject: string
  message: string
  since: string
}

/** What is wrong now, the oldest first. The scheduler looks every 5 s (engine/alerts.ts). */
export async function listAlerts({ db }: Pick<Service, 'db'>): Promise<Alert[]> {
  const rows = await db.query<Omit<Alert, 'since'> & { since: Date }>(
    `select kind, subject, message, since from backhaul.alerts order by since, kind, subject`,
  )
  return rows.map((row) => ({ ...row, since: row.since.toISOString() }))
}
