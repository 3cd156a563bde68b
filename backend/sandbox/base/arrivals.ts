export interface Arrival {
  /** Ms since 1970. */
  at: number
  route: string
  method: string
  path: string
  /** Which host of the API was asked. */
  host?: string
  /** Absent while the answer is not sent; 0 when the client left or the connection was cut. */
  status?: number
}
export interface ApiTraffic {
  total: number
  byRoute: Record<string, number>
  byStatus: Record<string, number>
  inFlight: number
  mostInFlight: number
}

const KEPT = 20_000

/** Every request in the order it came: counts for ever, the newest 20,000 of each API one by one. */
export class Arrivals {
  private apis = new Map<string, { traffic: ApiTraffic; buffer: Arrival[]; next: number }>()

  private of(api: string) {
    const found = this.apis.get(api)
    if (found) return found
    const traffic: ApiTraffic = { total: 0, byRoute: {}, byStatus: {}, inFlight: 0, mostInFlight: 0 }
    const made = { traffic, buffer: [] as Arrival[], next: 0 }
    this.apis.set(api, made)
    return made
  }

  /** Notes an arrival; call the result once with the status that was sent, 0 for none. */
  arrive(api: string, arrival: Arrival): (status: number) => void {
    const log = this.of(api)
    const { traffic } = log
    traffic.total++
    traffic.byRoute[arrival.route] = (traffic.byRoute[arrival.route] ?? 0) + 1
    traffic.mostInFlight = Math.max(traffic.mostInFlight, ++traffic.inFlight)
    log.buffer[log.next++ % KEPT] = arrival
    return (status) => {
      traffic.inFlight--
      traffic.byStatus[status] = (traffic.byStatus[status] ?? 0) + 1
      arrival.status = status
    }
  }

  inFlight(api: string): number {
    return this.of(api).traffic.inFlight
  }

  traffic(): Record<string, ApiTraffic> {
    return Object.fromEntries([...this.apis].map(([name, log]) => [name, structuredClone(log.traffic)]))
  }

  /** Oldest first. */
  list(api: string): Arrival[] {
    const { buffer, next } = this.of(api)
    return next <= KEPT ? [...buffer] : [...buffer.slice(next % KEPT), ...buffer.slice(0, next % KEPT)]
  }

  reset(): void {
    for (const [name, { traffic }] of this.apis) {
      const fresh = { total: 0, byRoute: {}, byStatus: {}, inFlight: traffic.inFlight, mostInFlight: traffic.inFlight }
      Object.assign(traffic, fresh)
      this.apis.set(name, { traffic, buffer: [], next: 0 })
    }
  }
}
