import type { Overview, WorkerInfo, Workers } from '../api/types'

/*
 * The order of workers and queues: what needs attention first, then by name, with numbers as numbers.
 */

const natural = new Intl.Collator('en', { numeric: true })

export const isMissing = ({ alive }: Workers['apps'][number]): boolean => alive === 0

export const byNeed = (a: Workers['apps'][number], b: Workers['apps'][number]): number =>
  Number(isMissing(b)) - Number(isMissing(a)) || natural.compare(a.app, b.app)

export const unreachableFirst = (a: WorkerInfo, b: WorkerInfo): number =>
  Number(a.alive) - Number(b.alive) || natural.compare(a.app, b.app) || natural.compare(a.host, b.host) || a.pid - b.pid

type Queue = Overview['queues'][number]

/** Work that nobody takes. */
export const isUnattended = ({ consumers, due, ready }: Queue): boolean => consumers === 0 && (due > 0 || (ready ?? 0) > 0)

export const unattendedFirst = (a: Queue, b: Queue): number =>
  Number(isUnattended(b)) - Number(isUnattended(a)) || natural.compare(a.name, b.name)
