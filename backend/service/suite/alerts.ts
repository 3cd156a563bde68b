import type { AlertKind } from '../../engine/upkeep/event-keys'
import type { Service } from '../base/context'

/** A condition that needs attention; it is listed as long as it lasts. */
export interface Alert {
  kind: AlertKind
  /** Queue, job or gate. */
  subject: string
  message: string
  since: string
}

/** Current alerts, oldest first. The scheduler checks every 5 s (engine/upkeep/alerts.ts). */
export async function listAlerts({ db }: Pick<Service, 'db'>): Promise<Alert[]> {
  const rows = await db.prisma.alert.findMany({ orderBy: [{ since: 'asc' }, { kind: 'asc' }, { subject: 'asc' }] })
  return rows.map((row) => ({ ...row, kind: row.kind as AlertKind, since: row.since.toISOString() }))
}
