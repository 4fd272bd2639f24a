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

typedef struct QfColumn
{
	const char *name;			/* SQL column name */
	const char *sql_type;		/* type IMPORT FOREIGN SCHEMA gives it, in
								 * pg_catalog */
	const char *fields[QF_MAX_FIELDS];	/* dotted paths; NULL ends the list */
	QfValueKind kind;
	bool		in_list;		/* list items are documented to carry it */
	const char *comment;
} QfColumn;

/* A column whose equality the list action takes as a parameter. */
typedef struct QfFilter
{
	const char *column;			/* SQL column name */
	const char *parameter;		/* request member */
} QfFilter;

typedef struct QfResource
{
	const char *name;			/* value of the table option "resource" */
	const char *comment;
	const char *path;			/* request path, unencoded */
	const char *detail_action;
	const char *detail_key;		/* request member that carries the id */
	const char *list_action;
	const char *list_member;	/* array in the list action's result */
	const char *id_field;		/* member that identifies an object */
	const QfColumn *columns;
	int			ncolumns;
	const QfFilter *filters;
	int			nfilters;
} QfResource;

extern const QfResource qf_model_comp_task;

#endif							/* QF_RESOURCE_RESOURCE_H */
