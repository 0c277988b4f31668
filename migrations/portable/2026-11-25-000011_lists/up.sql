-- Lists over many agencies, in both orders: without these a page of the whole province sorts every dossier.
CREATE INDEX dossiers_by_filing ON dossiers (filed_at, code);
CREATE INDEX dossiers_by_deadline ON dossiers (due_at, code) WHERE due_at IS NOT NULL;
