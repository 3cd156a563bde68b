import type { Reader } from '../base/sql'
import type { SettingValues } from './settings'

/** A condition of a source that needs a person. Its alerts last as long as it finds their subjects. */
export interface AlertCheck {
  /** What it finds, in a sentence. */
  about: string
  /**
   * Reads the database. It is asked once a minute, beside other work, and each statement is given 5 s: what it asks for should have an index. When
   * it fails, that is logged and its alerts stay as they are.
   */
  find(db: Reader, settings: SettingValues): Promise<AlertFound[]>
}

export interface AlertFound {
  /** Names what is wrong; the same subject is one alert however often it is found. */
  subject: string
  /** A sentence for people, without figures that change by themselves: another message changes the alert, and is no second event. */
  message: string
}
