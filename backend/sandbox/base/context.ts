import { performance } from 'node:perf_hooks'
import { Arrivals } from './arrivals'
import { Faults } from './faults'
import { Violations } from './violations'

/** Ms since 1970 by a clock that never jumps. */
export const monotonic = (): number => performance.timeOrigin + performance.now()

/** What all mounted APIs share: the clock, the arrival log, the violations and the switched-on faults. */
export class SandboxContext {
  readonly arrivals = new Arrivals()
  readonly violations: Violations
  readonly faults: Faults
  constructor(
    seed: number,
    readonly clock: () => number = monotonic,
    /** Called with each request: how much earlier one that is seen now may have arrived, ms. */
    readonly late: () => number = () => 0,
  ) {
    this.faults = new Faults(seed)
    this.violations = new Violations(clock)
  }
  reset(): void {
    this.arrivals.reset()
    this.violations.reset()
    this.faults.clear()
  }
}
