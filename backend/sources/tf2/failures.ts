import type { FailureKind } from '../../contract'

/** Whether trying again helps, by kind of failure. */
export const failures: Record<string, FailureKind> = {
  unauthorized: { again: 'may help', advice: 'backpack.tf refuses the token: set BACKPACK_TF_TOKEN, restart the workers, then retry.' },
  snapshot: { again: 'may help', advice: 'The snapshot of the item is damaged: retry when backpack.tf has made a new one.' },
  steam: { again: 'may help', advice: 'Steam gives no inventory of a seller, often for some minutes only: retry later.' },
  unknown_item: { again: 'does not help', advice: 'The game has no such item: start a new job with another one.' },
}
