export interface Violation {
  kind: string
  at: string
  detail: string
}
export interface ViolationReport {
  total: number
  byKind: Record<string, number>
  /** The newest, at most 50. */
  last: Violation[]
}

const KEPT = 50

/** Counts every violation of an upstream's rules. */
export class Violations {
  private byKind = new Map<string, number>()
  private last: Violation[] = []
  constructor(private readonly clock: () => number) {}

  add(kind: string, detail: string): void {
    this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + 1)
    this.last.push({ kind, at: new Date(this.clock()).toISOString(), detail })
    if (this.last.length > KEPT) this.last.shift()
  }

  report(): ViolationReport {
    const total = [...this.byKind.values()].reduce((sum, count) => sum + count, 0)
    return { total, byKind: Object.fromEntries(this.byKind), last: [...this.last] }
  }

  reset(): void {
    this.byKind.clear()
    this.last = []
  }
}
