import type { Schedule as ScheduleRow } from '../../service/schedules/schedules'
import { listTicks } from '../../service/schedules/ticks'
import { askOf, connection, type Window } from './connections'
import type { Context } from './context'

/** Fields of a schedule besides its own. */
export const Schedule = {
  async ticks({ id }: ScheduleRow, window: Window, { service }: Context) {
    return connection(await listTicks(service, id, askOf(window)), window)
  },
}
