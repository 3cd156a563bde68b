import { endRun } from './run'

export default function teardown(): void {
  endRun()
}
