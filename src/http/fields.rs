//! Small answers: `?fields=code,status` leaves only these members of a resource, or of each item of a list.

use serde::Serialize;
use serde_json::Value;
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::input::Query;
use super::problem::Problem;

/// The members that are wanted; all of them when the parameter is left out.
pub struct Fields(Option<Vec<String>>);

impl Fields {
    /// Reads `fields`: members of `T`, with commas between.
    ///
    /// # Errors
    /// `unknown_field`, naming it.
    pub fn of<T: PartialSchema>(query: &Query) -> Result<Self, Problem> {
        let Some(text) = query.text("fields") else { return Ok(Self(None)) };
        let known = members(&T::schema());
        let wanted: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        match wanted.iter().find(|name| !known.contains(name)) {
            Some(unknown) => Err(Problem::at("unknown_field", "?fields").naming(unknown)),
            None => Ok(Self(Some(wanted))),
        }
    }

    /// The members of a view that are wanted, in the view's order.
    ///
    /// # Errors
    /// `internal` when it cannot be written as JSON.
    pub fn pick<'a, T: Serialize>(&self, view: &'a T) -> Result<Picked<'a, T>, Problem> {
        let Some(wanted) = &self.0 else { return Ok(Picked::Whole(view)) };
        let mut picked = serde_json::to_value(view).map_err(|cause| {
            tracing::error!(%cause, "a view cannot be written");
            Problem::new("internal")
        })?;
        if let Value::Object(members) = &mut picked {
            members.retain(|name, _| wanted.contains(name));
        }
        Ok(Picked::Part(picked))
    }

    /// The same for each item of a list.
    ///
    /// # Errors
    /// As [`Fields::pick`].
    pub fn pick_each<'a, T: Serialize>(&self, views: &'a [T]) -> Result<Vec<Picked<'a, T>>, Problem> {
        views.iter().map(|view| self.pick(view)).collect()
    }
}

/// A view, or what is wanted of it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Picked<'a, T> {
    /// All of it.
    Whole(&'a T),
    /// Some members.
    Part(Value),
}

/// The names of a schema's own members.
fn members(schema: &RefOr<Schema>) -> Vec<String> {
    match schema {
        RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use serde_json::json;

    #[derive(Serialize, utoipa::ToSchema)]
    struct View {
        code: &'static str,
        #[serde(rename = "for")]
        waits_for: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
    }

    const VIEW: View = View { code: "a", waits_for: "b", secret: None };

    fn fields(query: &str) -> Result<Fields, Problem> {
        let req = TestRequest::with_uri(&format!("/x?{query}")).to_http_request();
        Fields::of::<View>(&Query::of(&req, &["fields"]).unwrap())
    }

    #[test]
    fn what_is_wanted_is_left_in_the_order_of_the_view() {
        let shown = |query: &str| serde_json::to_string(&fields(query).unwrap().pick(&VIEW).unwrap()).unwrap();
        assert_eq!(shown(""), r#"{"code":"a","for":"b"}"#);
        assert_eq!(shown("fields=for,code"), r#"{"code":"a","for":"b"}"#);
        assert_eq!(shown("fields=for"), r#"{"for":"b"}"#);
        assert_eq!(shown("fields=code,%20for,code"), r#"{"code":"a","for":"b"}"#);
        // A member that is there only sometimes may be asked for always.
        assert_eq!(shown("fields=secret"), "{}");
        assert_eq!(
            json!(fields("fields=code").unwrap().pick_each(&[VIEW, VIEW]).unwrap()),
            json!([{"code": "a"}, {"code": "a"}])
        );
    }

    #[test]
    fn a_member_that_is_not_there_is_named() {
        for (query, named) in [
            ("fields=kode", "kode"),
            ("fields=code,waits_for", "waits_for"),
            ("fields=", ""),
            ("fields=code,", ""),
            ("fields=Code", "Code"),
            ("fields=code.x", "code.x"),
        ] {
            let problem = fields(query).err().unwrap();
            assert_eq!(problem.code(), "unknown_field");
            for english in [false, true] {
                let detail = problem.body(english)["detail"].as_str().unwrap().to_owned();
                assert!(detail.ends_with(&format!("({named})")), "{detail}");
            }
        }
    }
}
