import { count, counted, upper } from '../../base/vocabulary'
import type { RouteStage, Source } from '../../contract'
import type { Stage } from '../../engine/jobs/stages'
import { hasEnded } from '../base/about'

/** The stages of a job in words. */
export function stagesOf(job: { source: string; status: string }, stages: readonly Stage[], sources: readonly Source[]): RouteStage[] {
  const source = sources.find((one) => one.name === job.source)
  return stages.flatMap((stage) => {
    const label = stage.label ?? labelOf(source, stage)
    if (label === undefined) return []
    const { waiting, ready, total, failed } = stage.tasks
    const isOver = hasEnded(job) || (total > 0 && waiting + ready === 0)
    const failures = failed > 0 ? `, ${counted(failed, 'task')} failed` : ''
    return {
      ...stage,
      label,
      fraction: fractionOf(stage, isOver),
      sentence: `${upper(label)}${isOver ? ':' : '…'} ${farOf(stage)}${failures}`,
    }
  })
}

/** Undefined: the source leaves the stage out. */
const labelOf = (source: Source | undefined, { lane, stage }: Stage): string | undefined =>
  source?.stageLabel ? source.stageLabel(lane, stage) : `${lane}, stage ${stage}`

function fractionOf({ seen, expected, atLeast }: Stage, isOver: boolean): number | null {
  if (isOver) return 1
  return expected && !atLeast ? Math.min(1, seen / expected) : null
}

/** `450/1,200`, `450/25,000+`; `450` where the number is not known. Records that came twice do not count twice. */
function farOf({ seen, expected, atLeast }: Stage): string {
  if (expected === null) return count(seen)
  return atLeast ? `${count(seen)}/${count(expected)}+` : `${count(Math.min(seen, expected))}/${count(expected)}`
}
