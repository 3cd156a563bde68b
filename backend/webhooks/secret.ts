import { keyIdOf, type Sealer } from '../base/seal'

/** What the sealed secret of a webhook is bound to. */
export const secretContext = (id: string): string => `webhook ${id}`

/** A secret as it is stored: sealed where TOKEN_KEY is set. */
export const toStored = (secret: string, id: string, sealer: Sealer): string =>
  sealer.keyIds.length > 0 ? sealer.seal(secret, secretContext(id)) : secret

/** The secret of a webhook from its row, which may have been written without TOKEN_KEY. @throws like `Sealer.open` */
export const fromStored = (stored: string, id: string, sealer: Sealer): string =>
  keyIdOf(stored) === undefined ? stored : sealer.open(stored, secretContext(id))
