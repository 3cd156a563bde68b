import type { User } from './people'
import type { World } from './world'

/** Personal tokens: one of an account at a time, which holds until it is revoked. */
export class PrintifyTokens {
  private readonly generations = new Map<number, number>()
  constructor(private readonly world: World) {}

  /** The living token of a seller. */
  of({ number }: Pick<User, 'number'>): string {
    return `sandbox-printify-token-${number}-${this.generations.get(number) ?? 0}`
  }

  /** Ends the token of a seller; `of` tells the next one. */
  revoke({ number }: Pick<User, 'number'>): void {
    this.generations.set(number, (this.generations.get(number) ?? 0) + 1)
  }

  reader(token: string): User | undefined {
    const user = this.world.users[Number(/^sandbox-printify-token-(\d+)-/.exec(token)?.[1] ?? Number.NaN)]
    return user && this.of(user) === token ? user : undefined
  }

  reset(): void {
    this.generations.clear()
  }
}
