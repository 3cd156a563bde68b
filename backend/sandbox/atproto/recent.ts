/** The values used last, as many as weigh no more than `most` together. */
export class Recent<V> {
  private readonly held = new Map<string, { value: V; weight: number }>()
  private weight = 0
  constructor(private readonly most: number) {}

  get(key: string): V | undefined {
    const found = this.held.get(key)
    if (!found) return undefined
    this.held.delete(key)
    this.held.set(key, found)
    return found.value
  }

  set(key: string, value: V, weight = 1): V {
    this.delete(key)
    this.held.set(key, { value, weight })
    this.weight += weight
    for (const oldest of this.held.keys()) {
      if (this.weight <= this.most || oldest === key) break
      this.delete(oldest)
    }
    return value
  }

  delete(key: string): void {
    this.weight -= this.held.get(key)?.weight ?? 0
    this.held.delete(key)
  }

  clear(): void {
    this.held.clear()
    this.weight = 0
  }
}
