/** How much at once an account takes where its own limit says nothing: the settings that assignment and the lanes' states share. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Settings } from '@reelay/contracts/settings';

export interface SlotLimits {
  /** What the limit −1 means. */
  unlimitedSlots: number;
  /** Attempts at once per account that hold no slot. */
  slotlessPerToken: number;
  /** Videos of a quota that are left untouched. */
  quotaMargin: number;
}

export function slotLimitsOf(settings: Settings, slotKind: SlotKind | undefined): SlotLimits {
  return {
    unlimitedSlots: settings[slotKind === 'image' ? 'token.unlimitedImageSlots' : 'token.unlimitedSlots'],
    slotlessPerToken: settings['token.enhancements'],
    quotaMargin: settings['token.quotaMargin'],
  };
}
