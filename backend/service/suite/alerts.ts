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
  const rows = await db.prisma.alert.findMany({ orderBy: [{ since: 'asc' }, { kind: 'asc' }, { subject: 'asc' }] })
  return rows.map((row) => ({ ...row, kind: row.kind as AlertKind, since: row.since.toISOString() }))
}
