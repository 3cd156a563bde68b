import { jsonInt } from '../../base/vocabulary'
import type { Partitions, Source } from '../../contract'
import { findJob } from '../../engine/jobs/verbs'
import type { Service } from '../base/context'

/** The most cells a page can show. */
const MAX_CELLS = 5000

/** Streams of a source whose tasks have a place in a grid. */
export const gridStreams = (source: Source): string[] =>
  Object.entries(source.streams).flatMap(([name, stream]) => (stream.cell ? [name] : []))

/** The grid of a job's partitions; empty if its source has none. @throws {Refused} `missing`, `input` */
export async function partitionsOf(service: Service, id: string): Promise<Partitions> {
  const job = await findJob(service, id)
  const source = service.sources.find((one) => one.name === job.source)
  const streams = source ? gridStreams(source) : []
  if (!source || streams.length === 0) return { rows: [], columns: [], cells: [] }
  const tasks = await service.db.query<{ id: bigint; stream: string; key: string; state: string }>(
    `select id, stream, key, case when state = 'ready' and claim is not null then 'held' else state::text end as state
       from backhaul.tasks where job_id = $1 and stream = any($2) order by stream, key limit ${MAX_CELLS}`,
    [job.id, streams],
  )
  const cells = tasks.flatMap(({ id: taskId, state, stream, key }) => {
    const place = source.streams[stream]?.cell?.(key)
    return place ? [{ ...place, state, taskId: jsonInt(taskId) }] : []
  })
  const sorted = (labels: string[]) => [...new Set(labels)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return { rows: sorted(cells.map((cell) => cell.row)), columns: sorted(cells.map((cell) => cell.column)), cells }
}
