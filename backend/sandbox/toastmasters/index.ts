import { z } from 'zod'
import { whole } from '../base/options'
import { defineSandboxSource } from '../base/source'
import { readIso } from './calendar'
import { MAX_CLUBS } from './clubs'
import { controlRoutes, dayOf, TodayControl } from './control'
import { Dashboard } from './dashboard'
import { TOASTMASTERS_FAULTS } from './faults'
import { Publications } from './publications'
import { Truth } from './truth'
import { World } from './world'

const DATE_RULE = 'must be a date such as 2026-10-15'

/** The dashboards of Toastmasters International: figures of districts and clubs by as-of day, since 2008. */
export const toastmasters = defineSandboxSource({
  options: {
    today: z
      .string()
      .refine((text) => readIso(text) !== undefined, DATE_RULE)
      .default('2026-10-15')
      .meta({ value: 'date', description: "today at the dashboards of Toastmasters; yesterday's figures are the newest" }),
    districts: whole(1).optional().meta({ value: 'number', description: 'districts of a program year at most (all: 128 in 2025-2026)' }),
    clubs: whole(1)
      .max(MAX_CLUBS - 1)
      .default(6)
      .meta({ value: 'number', description: 'clubs of a district (mean)' }),
  },
  faults: TOASTMASTERS_FAULTS,
  open(settings, { today, districts = Number.POSITIVE_INFINITY, clubs }) {
    const publications = new Publications(settings.seed, { today: dayOf(today), isMorning: false })
    const world = new World({ seed: settings.seed, clubs, districts, oddities: settings.oddities }, publications)
    const truth = new Truth(world, dayOf)
    const calendar = new TodayControl(publications)
    const dashboard = new Dashboard(settings, world)
    return {
      apis: [dashboard],
      control: controlRoutes(truth, calendar),
      handle: { world, truth, calendar },
      reset() {
        dashboard.reset()
        publications.reset()
      },
    }
  },
})
