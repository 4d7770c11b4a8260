export interface Account {
  readonly id: number;
  readonly name: string;
  readonly password: string;
  readonly roles: readonly string[];
}

export interface Note {
  readonly id: number;
  readonly ownerId: number;
  readonly text: string;
}

const accounts: readonly Account[] = [
  { id: 1, name: 'alice', password: 'alice likes tea', roles: ['admin'] },
  { id: 2, name: 'bob', password: 'bob likes beer', roles: [] },
];
const notes: Note[] = [];

export const findAccount = (name: string) => accounts.find((account) => account.name === name);
export const notesOf = (ownerId: number) => notes.filter((note) => note.ownerId === ownerId);
export const allNotes = (): readonly Note[] => notes;

export function addNote(ownerId: number, text: string): Note {
  const note = { id: notes.length + 1, ownerId, text };
  notes.push(note);
  return note;
}
