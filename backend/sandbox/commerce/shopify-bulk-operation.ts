import type { ActiveFault } from '../base/faults'
import { LineFile } from './shopify-bulk-file'
import { type BulkQuery, linesOf } from './shopify-bulk-query'
import type { Entry } from './shopify-connection'

export type BulkStatus = 'CANCELED' | 'CANCELING' | 'COMPLETED' | 'CREATED' | 'FAILED' | 'RUNNING'

/** What an operation runs over, and how. */
export interface BulkTask {
  id: number
  user: number
  text: string
  query: BulkQuery
  /** Null where the reader's scopes deny them. */
  roots: Entry[] | null
  isGrouped: boolean
  /** Ms since 1970. */
  createdAt: number
  /** Objects that are read in a second. */
  perSecond: number
  faults: BulkFaults
}

/** Faults that an operation was started with. */
export interface BulkFaults {
  fails?: ActiveFault | undefined
  short?: ActiveFault | undefined
  malformed?: ActiveFault | undefined
  orphan?: ActiveFault | undefined
  cut?: ActiveFault | undefined
  foreign?: ActiveFault | undefined
}

/** From the creation to the first object, ms. */
const START_MS = 1000
/** The children of one root in so many come before every root, those of the others after them. */
const EARLY_EVERY = 7
/** A part ends within a line, so many bytes early. */
const CUT_BYTES = 12

/** A bulk operation: it reads on whenever somebody checks it, as far as the time allows. */
export class BulkOperation {
  status: BulkStatus = 'CREATED'
  errorCode: string | null = null
  objects = 0
  done = 0
  completedAt: number | null = null
  private failedPolls = 0
  private lines = 0
  private readonly early = new LineFile()
  private readonly middle = new LineFile()
  private readonly late = new LineFile()

  constructor(
    readonly task: BulkTask,
    /** Divides every period. */
    private readonly speed: number,
  ) {}

  get isRunning(): boolean {
    return this.status === 'CREATED' || this.status === 'RUNNING' || this.status === 'CANCELING'
  }

  /** The file of a completed operation, or the part of one that did not complete. */
  get file(): LineFile {
    return this.early
  }

  /** How much of the file there is to read. */
  get size(): number {
    const { cut } = this.task.faults
    const lost = this.status !== 'COMPLETED' ? CUT_BYTES : cut ? Number(cut.bytes ?? 20) : 0
    return Math.max(0, this.early.size - lost)
  }

  /** @param at ms since 1970 */
  advance(at: number): void {
    if (this.status === 'CANCELING') this.end('CANCELED')
    if (!this.isRunning) return
    const { roots, faults, createdAt, perSecond } = this.task
    const passed = (at - createdAt) * this.speed - START_MS
    if (passed < 0) return
    this.status = 'RUNNING'
    if (roots === null) {
      this.fail('ACCESS_DENIED')
      return
    }
    const stop = faults.fails ? Math.floor(roots.length * Number(faults.fails.share ?? 0.5)) : roots.length
    const target = Math.floor((passed / 1000) * perSecond)
    while (this.done < stop && this.objects < target) this.take(roots[this.done++] as Entry)
    if (this.done < stop || this.objects > target) return
    if (faults.fails) this.fail(String(faults.fails.errorCode ?? 'INTERNAL_SERVER_ERROR'))
    else {
      this.completedAt = createdAt + (START_MS + (this.objects / perSecond) * 1000) / this.speed
      this.end('COMPLETED')
    }
  }

  private take({ doc }: Entry): void {
    const { query, isGrouped } = this.task
    const { line, children } = linesOf(query, doc())
    this.add(this.middle, line)
    const place = isGrouped ? this.middle : this.done % EARLY_EVERY === 0 ? this.early : this.late
    for (const child of isGrouped ? children : children.reverse()) this.add(place, child)
  }

  private add(file: LineFile, line: Record<string, unknown>): void {
    const { short, malformed, orphan } = this.task.faults
    const number = this.lines++
    const isAt = (fault: ActiveFault | undefined) => fault !== undefined && number === Number(fault.line ?? 1)
    this.objects++
    if (isAt(short)) return
    const text = JSON.stringify(isAt(orphan) ? { ...line, __parentId: 'gid://shopify/Order/1' } : line)
    file.add(isAt(malformed) ? text.slice(0, -5) : text)
  }

  private fail(errorCode: string): void {
    this.errorCode = errorCode
    this.end('FAILED')
  }

  private end(status: BulkStatus): void {
    this.status = status
    this.early.join(this.middle)
    this.early.join(this.late)
  }

  cancel(): void {
    this.status = 'CANCELING'
  }

  /** Notes that somebody asked; the part of a failed operation may come later than its end. */
  poll(): void {
    if (this.status === 'FAILED') this.failedPolls++
  }

  get hasPart(): boolean {
    if (this.early.size === 0) return false
    if (this.status === 'CANCELED') return true
    return this.status === 'FAILED' && this.failedPolls > Number(this.task.faults.fails?.polls ?? 2)
  }
}
