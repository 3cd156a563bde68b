import { beginRun } from './run'

/** Services start when the first test asks for them, so that a file of pure functions costs nothing. */
export default function setup(): void {
  beginRun()
}
