import type { Service } from '../base/context'

/** A condition that needs attention; it is listed as long as it lasts. */
export interface Alert {
  /** The engine's own, or `<source>.<check>`. */
  kind: string
  /** Queue, job or gate; what a source names. */
  subject: string
  message: string
  since: string
}

/** Current alerts, oldest first. The scheduler checks every 5 s (engine/upkeep/alerts.ts). */
export async function listAlerts({ db }: Pick<Service, 'db'>): Promise<Alert[]> {
  const rows = await db.prisma.alert.findMany({ orderBy: [{ since: 'asc' }, { kind: 'asc' }, { subject: 'asc' }] })
  return rows.map((row) => ({ ...row, since: row.since.toISOString() }))
}
