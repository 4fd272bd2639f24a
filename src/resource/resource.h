/*
 * resource.h
 *	  What an API resource looks like as a table: pure data.
 *
 * src/resource/resource.h
 */
#ifndef QF_RESOURCE_RESOURCE_H
#define QF_RESOURCE_RESOURCE_H

/* Spellings one member of the task object may have; the first present wins. */
#define QF_MAX_FIELDS 2

/* How a JSON member becomes a value, apart from the column's SQL type. */
typedef enum QfValueKind
{
	QF_VALUE_TEXT,				/* an empty string stays one */
	QF_VALUE_REFERENCE,			/* id of something else: empty is NULL */
	QF_VALUE_REASON,			/* explanation: empty is NULL */
	QF_VALUE_NUMBER,			/* empty is NULL */
	QF_VALUE_TIME,				/* empty and the zero date are NULL */
	QF_VALUE_JSON				/* the JSON text of the member */
} QfValueKind;

/* What a call does to an object. */
typedef enum QfWriteKind
{
	QF_WRITE_NONE,				/* nothing: it reads */
	QF_WRITE_CREATE,
	QF_WRITE_CANCEL,
	QF_WRITE_DELETE
} QfWriteKind;

#define QF_WRITE_NKINDS (QF_WRITE_DELETE + 1)

typedef struct QfColumn
{
	const char *name;			/* SQL column name */
	const char *sql_type;		/* type IMPORT FOREIGN SCHEMA gives it, in
								 * pg_catalog */
	const char *fields[QF_MAX_FIELDS];	/* dotted paths; NULL ends the list */
	QfValueKind kind;
	bool		in_list;		/* list items are documented to carry it */
	const char *comment;
	bool		insert_only;	/* no answer has it, only a new object's
								 * request */
} QfColumn;

/* A column whose equality the list action takes as a parameter. */
typedef struct QfFilter
{
	const char *column;			/* SQL column name */
	const char *parameter;		/* request member */
} QfFilter;

/* Members by which a list is read page by page. */
typedef struct QfPaging
{
	const char *marker;			/* of the request: where the page begins */
	const char *max_items;		/* of the request: items of the page at most */
	const char *reverse;		/* of the request: from the other end? */
	const char *info;			/* of the result: object with the next two */
	const char *truncated;		/* do more pages follow? */
	const char *next_marker;	/* where the next one begins */
} QfPaging;

/* A member of the request that creates an object. */
typedef struct QfNewMember
{
	const char *path;			/* dotted; the first name of a column's */
	bool		required;		/* unless what it is part of is given whole */
} QfNewMember;

/* How objects are created, cancelled and deleted. */
typedef struct QfWrites
{
	const char *create_action;
	const char *cancel_action;
	const char *delete_action;
	const QfNewMember *members; /* parts of a member stand behind it, one
								 * after the other */
	int			nmembers;
	const char *name_member;	/* by which a user knows a new object */
	const char *origin_member;	/* what it is made of; the list action takes
								 * it as a parameter */
	const char *created_member; /* when that was */
	const char *const *cancelled_states;	/* what a cancelled object may be
											 * in, and may be set to; NULL
											 * ends the list */
} QfWrites;

typedef struct QfResource
{
	const char *name;			/* value of the table option "resource" */
	const char *comment;
	const char *noun;			/* what messages call one object */
	const char *nouns;			/* and several */
	const char *path;			/* request path, unencoded */
	const char *detail_action;
	const char *detail_key;		/* request member that carries the id */
	const char *list_action;
	const char *list_member;	/* array in the list action's result */
	const QfPaging *paging;
	const char *id_field;		/* member that identifies an object */
	const char *state_fields[QF_MAX_FIELDS];	/* member that holds the
												 * state; NULL ends the list */
	const char *const *final_states;	/* nothing changes any more; compared
										 * without case; NULL ends the list */
	const char *const *good_states; /* those of them that are a success */
	const char *created_column; /* SQL name of the column that tells when it
								 * was created */
	const char *ended_column;	/* and when it ended */
	const QfColumn *columns;
	int			ncolumns;
	const QfFilter *filters;
	int			nfilters;
	const QfWrites *writes;		/* NULL: it can only be read */
	const char *order_column;	/* SQL name of the column that a list may be
								 * in the order of; NULL: none */
} QfResource;

/* One of the forms in which the API says that it refuses a request. */
typedef struct QfErrorForm
{
	const char *code;			/* dotted paths */
	const char *message;
	const char *request_id;
} QfErrorForm;

/* Members that answers of all actions have. */
typedef struct QfEnvelope
{
	const char *result;
	const QfErrorForm *errors;	/* the first one is the documented form */
	int			nerrors;
} QfEnvelope;

extern const QfPaging qf_paging;
extern const QfEnvelope qf_envelope;
extern const QfResource qf_model_comp_task;

#endif							/* QF_RESOURCE_RESOURCE_H */
