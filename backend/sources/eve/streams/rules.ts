import type { Io, NewTask, Page, Step } from '../../../contract'
import type { Listed } from '../client'
import type { EveParams } from '../params'
import type { Batch } from '../store'
import type { WalkCursor } from './cursor'

export type WalkStep = Step<WalkCursor, EveParams>
export type WalkPage = Page<WalkCursor, Batch>

/** Where streams differ. */
export interface Rules {
  /** Pages this stream reads at most. */
  pages: number
  /** After the last page: the walk goes on by smaller partitions. */
  partitions: boolean
  /** A further reason to stop, with everything on the page taken. */
  stop?(page: Listed, io: Io): Promise<boolean>
  /** Runs once the listing is used up and partitions are due. */
  divide?(step: WalkStep, io: Io): Promise<WalkPage>
  /** Tasks that follow this one. */
  follow?(step: WalkStep, cursor: WalkCursor): NewTask[]
}
