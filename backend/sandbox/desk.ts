import { performance } from 'node:perf_hooks'
import { Arrivals } from './arrivals'
import { Faults } from './faults'
import { Violations } from './violations'

/** What all mounted APIs share: the clock, the arrival log, the violations and the switched-on faults. */
export class Desk {
  readonly arrivals = new Arrivals()
  readonly violations: Violations
  readonly faults: Faults
  constructor(
    seed: number,
    readonly clock: () => number = () => performance.timeOrigin + performance.now(),
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
