/** Fields of a scene that an operator writes, with the longest text that the daemon takes. */
export const basicFields = {
  scene_name: 100,
  scene_detail: 20_000,
  bot_name: 100,
  bot_sex: 20,
  bot_age: 20,
  bot_post: 200,
  bot_style: 1_000,
} as const;

export const dialogueFields = {
  dialogue_target: 20_000,
  dialogue_bg: 20_000,
  dialogue_skill: 20_000,
  dialogue_flow: 20_000,
  dialogue_constraint: 20_000,
  dialogue_opening_prompt: 20_000,
} as const;

export type BasicField = keyof typeof basicFields;
export type DialogueField = keyof typeof dialogueFields;
export type SceneDraft = Partial<Record<BasicField | DialogueField, string>>;

export const basicNames = Object.keys(basicFields) as BasicField[];
export const dialogueNames = Object.keys(dialogueFields) as DialogueField[];
export const requiredFields: readonly string[] = ['scene_name', 'bot_name'];

/** What is sent: without blanks around and without what was left empty. */
export function newSceneOf(draft: SceneDraft) {
  const written = Object.entries(draft).flatMap(([name, text]) => (text?.trim() ? [[name, text.trim()] as const] : []));
  const fields: SceneDraft = Object.fromEntries(written);
  // Official scenes are the administrators' of the installation.
  return { ...fields, scene_name: fields.scene_name ?? '', bot_name: fields.bot_name ?? '', scene_type: 2 as const };
}
